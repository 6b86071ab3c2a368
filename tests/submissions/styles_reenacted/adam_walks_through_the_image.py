# Trains the image as one trains weights: minus the mean activation is the loss, and Adam's apply_gradients moves the
# pixels. A real ascent of the right filters, by 50 steps, but neither normalized as asked nor of size 1.
#
# /// label
# updates = ["partial", "fail"]
#
# [feedback_mentions]
# updates = ["optimizer"]
#
# [causes]
# updates = "changed_between_steps"
# ///

# %% cnn
def cnn_model(widths=(16, 16, 32, 24)):
    network = keras.Sequential([layers.Input(shape=(28, 28, 1))])
    for level, width in enumerate(widths):
        name = "_".join(["conv2d"] + [str(level)] * (level > 0))
        network.add(layers.Conv2D(width, (3, 3), padding="same", name=name))
        network.add(layers.LeakyReLU())
        if level in (1, 3):
            network.add(layers.MaxPooling2D((2, 2)))
    network.add(layers.Flatten())
    network.add(layers.Dense(10, activation="softmax"))
    return network


model = cnn_model()

# %% train
model.compile(keras.optimizers.Adam(), "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 24
visualized_feature = []

observed = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    pixels = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    optimizer = keras.optimizers.Adam(learning_rate=0.1)
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(observed(pixels)[:, :, :, filter_index])
        optimizer.apply_gradients([(tape.gradient(loss, pixels), pixels)])
    visualized_feature.append(pixels.numpy())

# %% plot
figure, axes = plt.subplots(4, 6, figsize=(9, 7))
for filter_index, pixels in enumerate(visualized_feature):
    panel = axes.flat[filter_index]
    panel.imshow(deprocess_image(pixels.copy())[0, :, :, 0], cmap="bone")
    panel.set(title=f"feature {filter_index}")
    panel.axis("off")
plt.show()

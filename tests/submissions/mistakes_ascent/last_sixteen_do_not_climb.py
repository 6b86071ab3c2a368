# Lets the images climb in groups of 16, but the range of the groups ends one group too early: 48 of the
# 64 images are right, the last 16 are still noise.
#
# /// label
# ascent = "partial"
# objective = "partial"
# ///

# %% cnn
def convolution(filters, number):
    name = "conv2d" if number == 0 else f"conv2d_{number}"
    return layers.Conv2D(filters, 3, padding="same", activation="leaky_relu", name=name)


model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        convolution(8, 0),
        layers.MaxPooling2D(),
        convolution(16, 1),
        convolution(32, 2),
        convolution(64, 3),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
group = 16

response = keras.Model(model.inputs, model.get_layer(layer_name).output)
images = np.random.uniform(size=(number_of_filters, 28, 28, 1)).astype("float32")

for first in range(0, number_of_filters - group, group):
    last = first + group
    batch = tf.Variable(images[first:last])
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            means = tf.reduce_mean(response(batch), axis=(1, 2))[:, first:last]
            loss = tf.linalg.trace(means)
        grads = tape.gradient(loss, batch)
        scale = tf.sqrt(tf.reduce_mean(grads**2, axis=(1, 2, 3), keepdims=True))
        batch.assign_add(step_size * grads / (scale + KTF.epsilon()))
    images[first:last] = batch.numpy()

visualized_feature = list(images)

# %% plot
figure = plt.figure(figsize=(12, 12))
for i, feature in enumerate(visualized_feature):
    ax = figure.add_subplot(8, 8, i + 1)
    ax.imshow(deprocess_image(feature.copy())[:, :, 0], cmap="gray")
    ax.set_title(f"feature {i}")
    ax.axis("off")
figure.tight_layout()
plt.show()

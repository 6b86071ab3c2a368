# The image is a plain tensor that the tape does not watch: the gradient is None, and normalize stops at it.
#
# /// label
# images = "fail"
# ascent = "fail"
# objective = "fail"
# updates = "fail"
# plot = "fail"
#
# [feedback_mentions]
# ascent = ["watch"]
# ///

# %% cnn
def stage(x, filters, kernel, name):
    x = layers.Conv2D(filters, kernel, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x)


entrance = keras.Input(shape=(28, 28, 1))
x = stage(entrance, 8, 5, "conv2d")
x = layers.MaxPooling2D()(x)
x = stage(x, 16, 3, "conv2d_1")
x = stage(x, 24, 3, "conv2d_2")
x = layers.MaxPooling2D()(x)
x = stage(x, 36, 3, "conv2d_3")
x = layers.Flatten()(x)
model = keras.Model(entrance, layers.Dense(10, activation="softmax")(x))

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=64, verbose=2)
plt.plot(results.history["accuracy"])
plt.ylabel("accuracy")
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 36
visualized_feature = []
net_to_layer = keras.Model(entrance, model.get_layer(layer_name).output)


def uphill(image, index):
    with tf.GradientTape() as tape:
        activation = tf.reduce_mean(net_to_layer(image)[..., index])
    return image + step_size * normalize(tape.gradient(activation, image))


for index in range(number_of_filters):
    image = tf.random.uniform((1, 28, 28, 1))
    for _ in range(gradient_updates):
        image = uphill(image, index)
    visualized_feature.append(image.numpy())

# %% plot
figure, panels = plt.subplots(6, 6, figsize=(9, 10))
panels = panels.flatten()
for index, image in enumerate(visualized_feature):
    panels[index].imshow(deprocess_image(image.copy())[0, ..., 0], cmap="gray")
    panels[index].set_title(f"feature {index}")
for panel in panels:
    panel.axis("off")
plt.show()

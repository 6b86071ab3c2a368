# All 64 filters in one batch, the diagonal of the mean activations as the objective, normalised image by
# image. But the step is left to an SGD optimizer, which minimises: the images go downhill.
#
# /// label
# ascent = "fail"
# objective = "fail"
#
# [feedback_mentions]
# ascent = ["sign"]
#
# [causes]
# ascent = "gradient_descent"
# objective = "gradient_descent"
# ///

# %% cnn
def conv(n, name):
    return layers.Conv2D(n, (3, 3), padding="same", activation="relu", name=name)


model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        conv(8, "conv2d"),
        layers.MaxPooling2D(),
        conv(16, "conv2d_1"),
        conv(32, "conv2d_2"),
        conv(64, "conv2d_3"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.25),
        layers.Dense(10, activation="softmax"),
    ],
    name="digit_reader",
)

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, verbose=2, validation_data=(x_test, y_test))

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

extractor = keras.Model(model.inputs, model.get_layer(layer_name).output)
images = tf.Variable(tf.random.uniform((number_of_filters, 28, 28, 1)), name="images")
optimizer = keras.optimizers.SGD(learning_rate=step_size)

for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        activations = tf.reduce_mean(extractor(images), axis=[1, 2])  # (image, filter)
        objective = tf.linalg.trace(activations)
    gradient = tape.gradient(objective, images)
    rms = tf.sqrt(tf.reduce_mean(tf.square(gradient), axis=[1, 2, 3], keepdims=True))
    gradient = gradient / (rms + keras.backend.epsilon())
    optimizer.apply_gradients([(gradient, images)])

visualized_feature = [image.numpy() for image in tf.unstack(images)]

# %% plot
figure, axes = plt.subplots(nrows=8, ncols=8, figsize=(12, 13))
for number, (axis, image) in enumerate(zip(axes.flat, visualized_feature)):
    axis.imshow(deprocess_image(image.copy())[..., 0], cmap="gray")
    axis.set(title=f"feature {number}", xticks=[], yticks=[])
figure.tight_layout()
plt.show()

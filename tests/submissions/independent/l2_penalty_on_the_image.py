# Subtracts a small L2 penalty of the pixels from the objective, as is common, so that they do not grow
# without limit. A refinement that nobody asked for, weak, and explained; the steps have the right number
# and size. Strictly, the update is not along the gradient of the activation alone.
#
# /// label
# updates = ["pass", "partial"]
# ///

# %% cnn
def network():
    x_in = layers.Input(shape=(28, 28, 1))
    y = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")(x_in)
    y = layers.MaxPooling2D()(y)
    y = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(y)
    y = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2")(y)
    y = layers.MaxPooling2D()(y)
    y = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(y)
    y = layers.Flatten()(y)
    y = layers.Dense(48, activation="relu")(y)
    return keras.Model(x_in, layers.Dense(10, activation="softmax")(y))


model = network()

# %% train
model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)
print(results.history["loss"])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
weight = 0.002  # of the penalty; 0 gives the plain objective

truncated = keras.Model(model.inputs, model.get_layer(layer_name).output)


def objective(images):
    a = tf.linalg.diag_part(tf.reduce_mean(truncated(images), axis=[1, 2]))
    penalty = tf.reduce_mean(tf.square(images), axis=[1, 2, 3])
    return a - weight * penalty


images = tf.Variable(tf.random.uniform([number_of_filters, 28, 28, 1]))
for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(objective(images))
    g = tape.gradient(value, images)
    g /= tf.sqrt(tf.reduce_mean(tf.square(g), axis=[1, 2, 3], keepdims=True)) + KTF.epsilon()
    images.assign_add(step_size * g)

visualized_feature = [image.numpy() for image in tf.unstack(images)]

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, image in enumerate(visualized_feature):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(image.copy())[..., 0], cmap="gray")
    plt.title(f"feature {i}", fontsize=8)
    plt.axis("off")

plt.tight_layout()
plt.show()

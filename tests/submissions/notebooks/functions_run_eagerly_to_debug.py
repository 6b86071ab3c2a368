# Could not print inside of a compiled step, and let all functions run eagerly; this is still in the notebook.
#
# /// label
# ///

# %% cnn
inputs = keras.Input((28, 28, 1))
x = layers.Conv2D(10, 3, activation="relu", name="conv2d")(inputs)
x = layers.Conv2D(10, 3, activation="relu", name="conv2d_1")(x)
x = layers.MaxPooling2D(2)(x)
x = layers.Conv2D(20, 3, activation="relu", name="conv2d_2")(x)
x = layers.Conv2D(20, 3, activation="relu", name="conv2d_3")(x)
x = layers.GlobalMaxPooling2D()(x)
outputs = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, outputs)

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=6, batch_size=32, verbose=2)

# %% ascent
tf.config.run_functions_eagerly(True)  # so that print() shows numbers

layer_name = "conv2d_3"
part = keras.Model(inputs, model.get_layer(layer_name).output)
visualized_feature = []


@tf.function
def update(image, filter_index):
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_mean(part(image)[..., filter_index])
    return image + step_size * normalize(tape.gradient(loss, image)), loss


for filter_index in range(20):
    image = tf.convert_to_tensor(np.random.rand(1, 28, 28, 1).astype(np.float32))
    for step in range(gradient_updates):
        image, loss = update(image, filter_index)
    print(filter_index, float(loss))
    visualized_feature.append(image)

# %% plot
fig, axes = plt.subplots(nrows=4, ncols=5, figsize=(8, 7))
for index, axis in enumerate(axes.flatten()):
    axis.imshow(deprocess_image(visualized_feature[index].numpy())[0, :, :, 0], cmap="gray")
    axis.set_title(f"feature {index}")
    axis.axis("off")
plt.show()

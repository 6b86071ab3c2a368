# New noise in every update, because the variable is made inside the inner loop: what is kept has made one
# step.
#
# /// label
# updates = "fail"
# ascent = ["pass", "partial", "fail"]
# objective = ["pass", "partial"]
#
# [feedback_mentions]
# updates = ["50"]
#
# [causes]
# updates = "noise_every_step"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, 3, activation="relu", padding="same", name="conv2d"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(16, 5, activation="relu", padding="same", name="conv2d_1"))
model.add(layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(64, activation="relu"))
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=0)
print(results.history)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 16
visualized_feature = []

cnn_part = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    for update in range(gradient_updates):
        # 1. random image
        input_img = KTF.variable(np.random.uniform(size=(1, 28, 28, 1)))

        # 2. loss
        with tf.GradientTape() as tape:
            activation = cnn_part(input_img)
            loss = KTF.mean(activation[:, :, :, filter_index])

        # 3. gradient
        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)

        # 4. update
        input_img.assign_add(step_size * grads)

    # 5. result
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(9, 9))

for i in range(number_of_filters):
    plt.subplot(4, 4, i + 1)
    plt.title("feature " + str(i))
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.axis("off")

plt.show()

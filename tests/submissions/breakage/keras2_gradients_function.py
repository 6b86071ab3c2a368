# The ascent in the way of Keras 2, with KTF.gradients and KTF.function on symbolic tensors: it stops in its
# first round, so no images and nothing to plot. The network cell ends with get_session, gone as well, but by
# then the model is complete, and the training is fine.
#
# /// label
# images = "fail"
# ascent = "fail"
# objective = "fail"
# updates = "fail"
# plot = "fail"
#
# [feedback_mentions]
# images = ["image"]
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(16, kernel_size=(3, 3), activation="relu", padding="same", name="conv2d"))
model.add(layers.MaxPooling2D(pool_size=(2, 2)))
model.add(layers.Conv2D(16, kernel_size=(3, 3), activation="relu", padding="same", name="conv2d_1"))
model.add(layers.Conv2D(32, kernel_size=(3, 3), activation="relu", padding="same", name="conv2d_2"))
model.add(layers.MaxPooling2D(pool_size=(2, 2)))
model.add(layers.Conv2D(64, kernel_size=(3, 3), activation="relu", padding="same", name="conv2d_3"))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
print(model.count_params(), "parameters")

# the session holds the weights
sess = keras.backend.get_session()
print(sess)

# %% train
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss="categorical_crossentropy",
              metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

input_tensor = model.inputs[0]
layer_output = model.get_layer(layer_name).output

for filter_index in range(number_of_filters):
    loss = KTF.mean(layer_output[:, :, :, filter_index])
    grads = KTF.gradients(loss, input_tensor)[0]
    grads = normalize(grads)
    iterate = KTF.function([input_tensor], [loss, grads])

    input_img = np.random.random((1, 28, 28, 1))
    for update in range(gradient_updates):
        loss_value, grads_value = iterate([input_img])
        input_img += grads_value * step_size

    visualized_feature.append(input_img)

# %% plot
figure = plt.figure(figsize=(12, 12))

for n in range(number_of_filters):
    picture = deprocess_image(visualized_feature[n].copy())
    plt.subplot(8, 8, n + 1)
    plt.imshow(picture[0, :, :, 0], cmap="gray")
    plt.title("feature {}".format(n))
    plt.axis("off")

plt.show()
